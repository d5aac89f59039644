# The compiler needs about 5 GiB for Microsoft's models; with less memory, add
# --build-arg GOGC=25.
FROM golang:1.26 AS build
ARG GOGC=100
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o /out/ ./worker ./starter && mkdir /state

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /out/worker /out/starter /usr/local/bin/
# A volume that is new takes its owner from what it is mounted over.
COPY --from=build --chown=nonroot:nonroot /state /var/lib/killsignal
ENTRYPOINT ["/usr/local/bin/worker"]
