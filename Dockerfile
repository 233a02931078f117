# One image for Agora's workers and for their Prefect server; compose.yaml runs both.
FROM python:3.11-slim

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PYTHONUNBUFFERED=1

WORKDIR /opt/agora
COPY pyproject.toml constraints.txt README.md LICENSE agora_lab.py ./
COPY schemas/ schemas/
COPY warehouse/ warehouse/
COPY tasks/ tasks/
COPY flows/ flows/
RUN python -m pip install --constraint constraints.txt .

# Nothing runs as root. The folders are made here, so that volumes on them are this user's.
RUN useradd --create-home --uid 1000 agora \
    && install --directory --owner agora --group agora /lab /lab/warehouse /home/agora/.prefect
USER 1000:1000

WORKDIR /lab
ENV AGORA_WAREHOUSE=/lab/warehouse/agora.duckdb \
    PREFECT_SERVER_ANALYTICS_ENABLED=false
CMD ["prefect", "worker", "start", "--pool", "agora", "--type", "process"]
