"""How documents are read: recognition of pictures, and what becomes of text of low quality."""

from dataclasses import dataclass, field

from config.recognition import LowQuality, OcrMode, OcrSettings, QualitySettings
from config.settings import IngestionSettings


@dataclass(frozen=True, slots=True)
class OcrSpec:
    """How text is recognised in pictures."""

    mode: OcrMode = OcrMode.AUTO
    languages: tuple[str, ...] = ("eng",)
    """Names of Tesseract's models, the most likely first."""
    dpi: int = 300
    page_timeout_seconds: float = 60.0
    budget_seconds: float = 100.0
    """What the recognition of one document may take; less than its parsing."""
    max_pages: int = 1000
    max_megapixels: float = 100.0


@dataclass(frozen=True, slots=True)
class QualitySpec:
    """From where on text is of low quality, and what becomes of it then."""

    below: LowQuality = LowQuality.QUARANTINE
    min_legibility: float = 0.4
    min_ocr_confidence: float = 0.5


@dataclass(frozen=True, slots=True)
class ReadingSpec:
    """Everything in the settings that decides which text is read from given bytes."""

    ocr: OcrSpec = field(default_factory=OcrSpec)
    quality: QualitySpec = field(default_factory=QualitySpec)

    @property
    def identity(self) -> str:
        """Part of the pipeline fingerprint; without what only bounds the effort."""
        ocr = (
            f"ocr={self.ocr.mode.value},{'+'.join(self.ocr.languages)},{self.ocr.dpi}"
            if self.ocr.mode is not OcrMode.OFF else "ocr=off"
        )  # fmt: skip
        quality = self.quality
        return (
            f"{ocr};low_quality={quality.below.value},"
            f"{quality.min_legibility:g},{quality.min_ocr_confidence:g}"
        )


def reading_spec(
    ingestion: IngestionSettings, ocr: OcrSettings, quality: QualitySettings
) -> ReadingSpec:
    """What the settings say about reading."""
    return ReadingSpec(
        OcrSpec(
            ocr.mode,
            ocr.languages,
            ocr.dpi,
            min(ocr.page_timeout_seconds, ingestion.parse_timeout_seconds),
            # The rest is for reading, laying out and cutting.
            0.85 * ingestion.parse_timeout_seconds,
            ocr.max_pages,
            ocr.max_megapixels,
        ),
        QualitySpec(quality.below, quality.min_legibility, quality.min_ocr_confidence),
    )
