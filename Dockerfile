# syntax=docker/dockerfile:1
# The product without torch: it reads with ONNX Runtime on the CPU. Checked statically only (docs/operations.md).

FROM python:3.11-slim AS build
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
RUN python -m venv /opt/fretwatch
WORKDIR /source
COPY pyproject.toml constraints.txt README.md LICENSE NOTICE ./
COPY app app
COPY collectors collectors
COPY models models
COPY alembic alembic
COPY examples examples
RUN /opt/fretwatch/bin/pip install --constraint constraints.txt . \
    && /opt/fretwatch/bin/pip uninstall --yes pip

FROM python:3.11-slim
LABEL org.opencontainers.image.title="Fretwatch" org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 fretwatch \
    && useradd --uid 10001 --gid 10001 --home-dir /data --no-create-home --shell /usr/sbin/nologin fretwatch \
    && install --directory --owner=10001 --group=10001 --mode=0750 /data
COPY --from=build /opt/fretwatch /opt/fretwatch
# Nothing is written outside /data and /tmp, so the root file system may be read-only.
ENV PATH=/opt/fretwatch/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    FRETWATCH__SERVER__HOST=0.0.0.0 \
    FRETWATCH__SERVER__PORT=8000
WORKDIR /data
VOLUME /data
USER 10001:10001
EXPOSE 8000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s --retries=3 \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8000/livez', timeout=4)"]
ENTRYPOINT ["fretwatch"]
CMD ["serve"]
