# syntax=docker/dockerfile:1
# The agent. From the root of a clone: docker build -f deploy/images/agent.Dockerfile -t picket-agent .
ARG NODE_VERSION=24.21.0

FROM node:${NODE_VERSION}-bookworm-slim AS build
WORKDIR /src
COPY . .
RUN npm ci --no-audit --no-fund && npx nx run @picket/agent:build

FROM node:${NODE_VERSION}-bookworm-slim
LABEL org.opencontainers.image.title="picket-agent" \
      org.opencontainers.image.description="Keeps one Kubernetes cluster on the policy set that its Picket hub grants" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"
WORKDIR /app
COPY --from=build /src/agent/dist/main.js main.mjs
USER 65532:65532
# Memory is paid once per cluster, and the agent is idle nearly always: a small young generation and one heap of malloc for all threads.
ENV NODE_ENV=production MALLOC_ARENA_MAX=2
# No HEALTHCHECK: where it answers is an argument (--listen), and Kubernetes, its only home, has probes.
ENTRYPOINT ["node", "--max-semi-space-size=1", "main.mjs"]
CMD ["--help"]
