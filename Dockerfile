# One image for every program of the platform; the command chooses:
#   docker run … biz-plugin-platform node dist/apps/payment/src/main.js
FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
# Install scripts fetch Node and PostgreSQL for a developer's machine; here both are at hand.
RUN npm ci --ignore-scripts
COPY nest-cli.json tsconfig.json tsconfig.build.json ./
COPY libs libs
COPY merchants merchants
COPY scripts scripts
COPY apps apps
RUN npm run build
# The compiler stays behind as a peer of the Swagger build plugin; no program loads it, nor declarations and source maps.
RUN npm prune --omit=dev --ignore-scripts \
 && rm -rf node_modules/typescript node_modules/.bin node_modules/typeorm/browser dist/.tsbuildinfo \
 && find node_modules dist -type f \( -name '*.d.ts' -o -name '*.d.mts' -o -name '*.d.cts' -o -name '*.map' \) -delete

FROM node:24-bookworm-slim
WORKDIR /app
# Production unless told otherwise: a container that was given no secrets refuses to start.
ENV NODE_ENV=production HOST=0.0.0.0 DATA_DIR=/data
# An app lives in 60 MB of heap. On a large machine V8 would let it grow to several times that before it looks for what
# is dead; with these it stays below 220 MB under load (npm run bench -- memory).
ENV NODE_OPTIONS="--max-old-space-size=256 --max-semi-space-size=8"
ENV NODE_COMPILE_CACHE=/app/.compile-cache
# A new volume that is mounted here takes over this owner.
RUN install -d -o node -g node -m 700 /data && install -d -o node -g node .compile-cache
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/dist dist
COPY package.json LICENS[E] ./
COPY apps/simulator/public apps/simulator/public
COPY deploy/healthcheck.mjs deploy/
USER node
# A start then compiles nothing, which is a fifth of its processor time; Node keeps such a cache for each user.
RUN for module in dist/apps/*/src/*.module.js; do node -e "require('/app/$module')"; done
EXPOSE 3000-3006
