# One image for the worker, the bootstrap and the query service; it runs as an ordinary user.
FROM python:3.11.15-slim-bookworm

# Point this at a CPU build of torch: the default build carries CUDA and adds several GB.
ARG PIP_EXTRA_INDEX_URL=""

ENV PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    DO_NOT_TRACK=1 \
    SCARF_NO_ANALYTICS=true \
    HF_HUB_DISABLE_TELEMETRY=1 \
    PREFECT_SERVER_ANALYTICS_ENABLED=false \
    HOLDFAST_HOME=/var/lib/holdfast

# For git sources, and for scans and pictures.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends git tesseract-ocr \
    && rm -rf /var/lib/apt/lists/*

RUN useradd --create-home --uid 10001 holdfast \
    && install --directory --owner holdfast --group holdfast \
        /var/lib/holdfast /var/lib/holdfast-backups /var/lib/prefect

WORKDIR /app
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY config config
COPY ingestion ingestion
COPY indexing indexing
COPY query query
COPY evaluation evaluation
COPY flows flows
COPY service service
COPY prefect.yaml ./

# Editable, so that the entrypoints in prefect.yaml and the installed packages are the same files.
RUN --mount=type=cache,target=/root/.cache/pip \
    PIP_EXTRA_INDEX_URL="${PIP_EXTRA_INDEX_URL}" \
    pip install --disable-pip-version-check -c constraints.txt --editable .

USER holdfast
VOLUME /var/lib/holdfast
ENTRYPOINT ["holdfast"]
CMD ["--help"]
