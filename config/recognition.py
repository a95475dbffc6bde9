"""Options of reading what is hard to read: recognition of scans, and floors of quality."""

import re
from enum import StrEnum

from pydantic import Field, field_validator

from config.section import Seconds, Section


class OcrMode(StrEnum):
    """Whether text is recognised in pictures and scans."""

    AUTO = "auto"
    """Where a page or file has no usable text of its own and Tesseract is installed."""
    OFF = "off"


class OcrSettings(Section):
    """Recognition by the command `tesseract`; mode, languages, dpi are in the fingerprint."""

    mode: OcrMode = OcrMode.AUTO
    languages: tuple[str, ...] = Field(
        default=("eng",), min_length=1, description="Tesseract's models, the most likely first."
    )
    dpi: int = Field(default=300, ge=100, le=600, description="Resolution PDF pages are drawn in.")
    page_timeout_seconds: Seconds = Field(default=60.0, gt=0, description="Limit of one page.")
    max_pages: int = Field(default=1000, ge=1, description="More pages to recognise are refused.")
    max_megapixels: float = Field(default=100.0, gt=0, description="Larger pictures are refused.")

    @field_validator("mode", mode="before")
    @classmethod
    def _as_yaml_reads_it(cls, mode: object) -> object:
        # In YAML 1.1 a bare `off` is false, and nobody quotes it.
        return OcrMode.OFF if mode is False else mode

    @field_validator("languages", mode="before")
    @classmethod
    def _as_tesseract_writes_them(cls, languages: object) -> object:
        return tuple(languages.split("+")) if isinstance(languages, str) else languages

    @field_validator("languages")
    @classmethod
    def _model_names(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        # They become an argument of a command: nothing else than names of models.
        for language in languages:
            if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{1,30}", language):
                raise ValueError(f"{language!r} is no name of a Tesseract model such as 'eng'")
        return languages


class LowQuality(StrEnum):
    """What becomes of a document whose text is garbled or hardly recognised."""

    QUARANTINE = "quarantine"
    FLAG = "flag"


class QualitySettings(Section):
    """From where on text is of low quality; part of the pipeline fingerprint."""

    below: LowQuality = Field(
        default=LowQuality.QUARANTINE, description="Refuse such documents, or only flag them."
    )
    min_legibility: float = Field(
        default=0.4, ge=0, le=1, description="Least legibility of the whole text; 0 takes all."
    )
    min_ocr_confidence: float = Field(
        default=0.5,
        ge=0,
        le=1,
        description="Least mean confidence of recognised text; 0: all.",
    )
