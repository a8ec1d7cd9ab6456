# syntax=docker/dockerfile:1
# The hub: API, worker and migrations. From the root of a clone: docker build -f deploy/images/hub.Dockerfile -t picket-hub .
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npx nx run @picket/control-plane:build

FROM node:${NODE_VERSION}-bookworm-slim
LABEL org.opencontainers.image.title="picket-hub" \
      org.opencontainers.image.description="Control plane for network policy over a fleet of Kubernetes clusters" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /src/apps/control-plane/dist/main.api.js main.api.mjs
COPY --from=build /src/apps/control-plane/dist/main.worker.js main.worker.mjs
COPY --from=build /src/apps/control-plane/dist/main.migrate.js main.migrate.mjs
COPY --from=build /src/apps/control-plane/dist/migrations migrations
USER 65532:65532
ENV NODE_ENV=production MALLOC_ARENA_MAX=2 HOST=0.0.0.0 PORT=8080
EXPOSE 8080
# For engines without probes of their own. It asks whether the process lives: a restart does not bring a database back.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "--eval", "fetch(`http://127.0.0.1:${process.env.PORT}/healthz`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
# Node's default lets ten thousand streams grow the young generation to 128 MB that nobody needs.
ENTRYPOINT ["node", "--max-semi-space-size=8"]
CMD ["main.api.mjs"]
