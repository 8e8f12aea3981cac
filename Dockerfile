# One image: the program with its locked libraries, run by a user that may write to /data and /tmp only.
# How to build and run it: docs/container.md.

FROM python:3.11-slim-trixie AS builder

ENV PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    PIP_ROOT_USER_ACTION=ignore

WORKDIR /src

# The libraries first: this layer is made anew only when the lock changes. Everything comes as a
# wheel whose hash the lock knows, so no compiler is needed and no foreign code runs here.
COPY requirements.lock requirements-dev.lock ./
RUN python -m venv --without-pip /opt/dadkhah \
 && pip --python /opt/dadkhah/bin/python install --no-compile --only-binary :all: \
      --require-hashes --requirement requirements.lock

# The build tool has its hash in the developers' lock. It gets an environment of its own, so that
# the wheel is made without pip's isolation (which would fetch an unpinned one) and leaves no trace.
RUN sed -n '/^setuptools==/,/[^\\]$/p' requirements-dev.lock > build.lock \
 && python -m venv /opt/build \
 && /opt/build/bin/pip install --only-binary :all: --require-hashes --requirement build.lock

COPY pyproject.toml README.md LICENSE ./
COPY config config
COPY watchers watchers
COPY storage storage
COPY bot bot
RUN /opt/build/bin/pip wheel --no-deps --no-build-isolation --wheel-dir dist . \
 && pip --python /opt/dadkhah/bin/python install --no-compile --no-deps --no-index dist/*.whl \
 && /opt/dadkhah/bin/python -m compileall -q -j 0 --invalidation-mode unchecked-hash /opt/dadkhah/lib


FROM python:3.11-slim-trixie

LABEL org.opencontainers.image.title="Dadkhah" \
      org.opencontainers.image.description="Watches public news feeds for coverage of Iran's 1988 prison massacre and tells it to a Telegram channel in digests." \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="Apache-2.0"

# jemalloc: reading feeds fragments glibc's heap. Its folder is named after the processor, so a
# link gives it one name everywhere; if the file were missing, the loader would warn and go on.
# The user is a number, for Kubernetes' runAsNonRoot. Only /data and /tmp stay writable to it;
# a dadkhah.toml may be mounted into /etc/dadkhah, the working folder.
RUN apt-get update \
 && apt-get install --yes --no-install-recommends libjemalloc2 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* \
 && ln -s /usr/lib/*-linux-gnu/libjemalloc.so.2 /usr/local/lib/libjemalloc.so.2 \
 && groupadd --gid 10001 dadkhah \
 && useradd --uid 10001 --gid 10001 --no-create-home --home-dir /nonexistent \
      --shell /usr/sbin/nologin dadkhah \
 && install -d -m 0755 /etc/dadkhah \
 && install -d -m 0700 -o 10001 -g 10001 /data \
 && chmod 0755 /var/tmp /run/lock

COPY --from=builder /opt/dadkhah /opt/dadkhah

# The health page listens inside the container only: the check below runs inside too, and nothing
# is open to other containers unless someone asks for it (DADKHAH_HTTP_LISTEN=0.0.0.0:8080). It is
# set here, although it is the default, so that no dadkhah.toml moves it away from the check,
# which asks the address as it stands (0.0.0.0 and [::] reach this machine; empty is off, so fine).
# SQLite's temporary files for large sorts belong on the volume's disk, not in a /tmp of memory.
ENV PATH=/opt/dadkhah/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PYTHONDONTWRITEBYTECODE=1 \
    LD_PRELOAD=/usr/local/lib/libjemalloc.so.2 \
    SQLITE_TMPDIR=/data \
    DADKHAH_DATA_DIR=/data \
    DADKHAH_HTTP_LISTEN=127.0.0.1:8080

WORKDIR /etc/dadkhah
VOLUME /data
USER 10001:10001
STOPSIGNAL SIGTERM

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s --retries=3 \
  CMD ["python", "-I", "-S", "-c", "import http.client, os, sys; listen = os.environ['DADKHAH_HTTP_LISTEN'] or sys.exit(); page = http.client.HTTPConnection(listen, timeout=4); page.request('GET', '/healthz'); sys.exit(page.getresponse().status != 200)"]

ENTRYPOINT ["dadkhah"]
CMD ["run"]
