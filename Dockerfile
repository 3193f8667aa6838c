# Node 22, not 24: since 24.19 the destructor of node::ObjectWrap, from which better-sqlite3 12 derives, aborts the process
# when a garbage collection runs outside of JavaScript.
FROM node:22-bookworm AS build
RUN ! grep -q CleanupHook /usr/local/include/node/node_object_wrap.h
WORKDIR /app
# better-sqlite3 is compiled from the source that package-lock.json pins, with the headers of this image:
# a prebuilt binary would come from outside the registry, unpinned.
ENV npm_config_build_from_source=true npm_config_nodedir=/usr/local
COPY package.json package-lock.json ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN npm run build \
 && npm prune --omit=dev --no-audit --no-fund
# Of what the compiler made, only the module itself is needed.
RUN cd node_modules/better-sqlite3 \
 && mv build/Release/better_sqlite3.node /tmp/ \
 && rm -rf build deps src \
 && install -D -m 0644 /tmp/better_sqlite3.node build/Release/better_sqlite3.node

FROM node:22-bookworm-slim
LABEL org.opencontainers.image.title="sigwatch" \
      org.opencontainers.image.description="Watches the transparency logs of Sigstore for signatures made in your name" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN groupadd --gid 10001 sigwatch \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /var/lib/sigwatch --shell /usr/sbin/nologin sigwatch \
 && install -d -o 10001 -g 10001 -m 0750 /var/lib/sigwatch
# The program stays root's and read-only; everything that is written, SQLite's temporary files too, lies in the volume.
COPY --from=build /app/package.json /app/LICENSE /app/
COPY --from=build /app/migrations /app/migrations
COPY --from=build /app/config /app/config
COPY --from=build /app/node_modules /app/node_modules
COPY --from=build /app/dist /app/dist
ENV NODE_ENV=production \
    SIGWATCH_CONFIG=/etc/sigwatch/sigwatch.yaml \
    STATE_DIRECTORY=/var/lib/sigwatch \
    HOME=/var/lib/sigwatch \
    TMPDIR=/var/lib/sigwatch
WORKDIR /app
USER 10001:10001
VOLUME /var/lib/sigwatch
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=30s --timeout=10s --start-period=1m --retries=3 \
  CMD ["node", "/app/dist/main.js", "status", "--healthy"]
ENTRYPOINT ["node", "/app/dist/main.js"]
CMD ["run"]
