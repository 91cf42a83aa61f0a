# PostgreSQL's official image with swanalloc in it: docker build -t swanalloc .
# Another version: docker build --build-arg PG_MAJOR=18 -t swanalloc:18 . ; examples/docker has a studio that runs on it.
ARG PG_MAJOR=17
ARG DEBIAN=trixie

FROM postgres:${PG_MAJOR}-${DEBIAN} AS build
# Whichever compiler and headers fit the server of the image.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends gcc libc6-dev make "postgresql-server-dev-$PG_MAJOR" \
    && rm -rf /var/lib/apt/lists/*
COPY . /usr/src/swanalloc
RUN make -C /usr/src/swanalloc -s -j2 with_llvm=no PG_CONFIG="/usr/lib/postgresql/$PG_MAJOR/bin/pg_config" \
    && make -C /usr/src/swanalloc -s with_llvm=no PG_CONFIG="/usr/lib/postgresql/$PG_MAJOR/bin/pg_config" DESTDIR=/installed install

FROM postgres:${PG_MAJOR}-${DEBIAN}
LABEL org.opencontainers.image.title="swanalloc" \
      org.opencontainers.image.description="PostgreSQL with session credits and bookings that cannot be double-spent" \
      org.opencontainers.image.source="https://github.com/swanalloc/swanalloc" \
      org.opencontainers.image.licenses="PostgreSQL"
COPY --from=build /installed/ /
