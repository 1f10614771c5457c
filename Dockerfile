# Build:  docker build -t tidegauge .
# Run:    docker run --read-only --cap-drop ALL --security-opt no-new-privileges -p 9417:9417 \
#           -v /var/run:/host/run:ro --group-add "$(stat -c %g /var/run/docker.sock)" \
#           tidegauge --docker-url unix:///host/run/docker.sock
# Any base with a Node 24 at /nodejs/bin or on the usual path will do. Both images exist for amd64 and arm64.
ARG BUILD_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot

# The bundle is the same for every platform, so BuildKit makes it on the machine's own; the classic builder knows no other.
FROM --platform=${BUILDPLATFORM:-linux} ${BUILD_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
# No package needs its install script here; the one of `node` would fetch a second Node.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run build && mkdir empty

FROM ${BASE_IMAGE} AS base
ENV PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
WORKDIR /app
# package.json says that dist holds ES modules.
COPY package.json ./
COPY --from=build /src/dist/main.js /src/dist/healthcheck.js ./dist/
COPY --from=build /src/dist/licences.txt ./dist/
COPY --from=build /src/dist/chunks ./dist/chunks

# Node reads compiled code that a Node of the same version left for the same user: one start of each image makes it.
FROM base AS compiled
USER 65532:65532
COPY --from=build --chown=65532:65532 /src/empty ./dist/compiled
RUN ["node", "/app/dist/main.js", "--version"]

FROM base
ARG VERSION=dev
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Tidegauge" \
      org.opencontainers.image.description="OpenTelemetry metrics agent for containers: OTLP push and Prometheus pull from one probe" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# glibc keeps a heap for each thread that asks for memory: one for all takes a tenth less of it.
ENV MALLOC_ARENA_MAX=1 \
    OTEL_EXPORTER_PROMETHEUS_HOST=0.0.0.0
COPY --from=compiled --chown=65532:65532 /app/dist/compiled ./dist/compiled
USER 65532:65532
EXPOSE 9417
# Without a shell, which the base lacks. Kubernetes has its own probes and ignores this. Each check is a Node that takes
# 40 MiB for a moment: once in five minutes; Docker 25 and newer ask each 5 s until the first answer (--start-interval).
HEALTHCHECK --interval=5m --timeout=5s --start-period=30s --retries=2 CMD ["node", "/app/dist/healthcheck.js"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run"]
