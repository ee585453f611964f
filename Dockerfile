# The worker and the starter, static, in an image without a shell.
FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
ENV CGO_ENABLED=0
RUN go build -trimpath -ldflags="-s -w" -o /out/worker ./workers/cmd/worker \
 && go build -trimpath -ldflags="-s -w" -o /out/starter ./starter \
 && mkdir -p /out/state

# The sandbox links the Temporal server; only `--target sandbox` builds it. It
# needs a shell, because the stand-in for SSM runs real scripts on its victim.
FROM build AS build-sandbox
RUN go build -trimpath -ldflags="-s -w" -o /out/sandbox ./test/sandbox

FROM debian:bookworm-slim AS sandbox
RUN useradd --uid 65532 --create-home firebreak \
 && install -d -o firebreak /credentials
USER firebreak
COPY --from=build-sandbox /out/sandbox /usr/local/bin/sandbox
ENTRYPOINT ["/usr/local/bin/sandbox"]

FROM gcr.io/distroless/static-debian12:nonroot AS worker
COPY --from=build /out/worker /out/starter /usr/local/bin/
# A volume mounted here takes over the owner, so that the worker may write.
COPY --from=build --chown=nonroot:nonroot /out/state /var/lib/firebreak
USER nonroot
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/worker"]
