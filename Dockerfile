# The sidecar's image. Pin the base by digest where it is built for others to run:
#   docker build --build-arg BASE=python:3.11.14-slim-bookworm@sha256:… -t remora .
ARG BASE=python:3.11.14-slim-bookworm

FROM ${BASE} AS build
WORKDIR /src
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
# The tools stay in this stage: pip, and setuptools as the lock file pins it.
COPY requirements/runtime.txt requirements/dev.txt requirements/
RUN python -m venv /opt/tools \
 && sed -n '/^setuptools==/,/[^\\]$/p' requirements/dev.txt > /opt/tools/setuptools.txt \
 && /opt/tools/bin/pip install -q --require-hashes -r /opt/tools/setuptools.txt
RUN python -m venv --without-pip /opt/remora \
 && /opt/tools/bin/pip --python /opt/remora/bin/python install -q --no-compile --only-binary :all: \
      --require-hashes -r requirements/runtime.txt
COPY pyproject.toml README.md LICENSE ./
COPY sidecar sidecar
COPY clients/python clients/python
RUN /opt/tools/bin/pip wheel -q --no-deps --no-build-isolation -w /opt/tools/wheels ./clients/python . \
 && /opt/tools/bin/pip --python /opt/remora/bin/python install -q --no-compile --no-deps --no-index \
      /opt/tools/wheels/*.whl \
 && /opt/tools/bin/pip --python /opt/remora/bin/python check
# Compiled here, once and whatever the files' times say: the image's file system may be read-only.
RUN /opt/remora/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/remora/lib

FROM ${BASE}
ARG VERSION=0.1.0
LABEL org.opencontainers.image.title="remora" \
      org.opencontainers.image.description="The sidecar that keeps every service's LLM calls answered." \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/remora /opt/remora
# Nothing is written, unless a --ready-file is asked for; /tmp is home for whatever insists on one.
ENV PATH=/opt/remora/bin:$PATH HOME=/tmp PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
WORKDIR /
USER 65532:65532
# The default, 127.0.0.1:7650, is for callers in the same pod; whoever listens elsewhere says so in the configuration.
EXPOSE 7650
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=5s --start-period=10s --retries=3 CMD ["remora", "health", "--check"]
ENTRYPOINT ["remora"]
CMD ["serve"]
