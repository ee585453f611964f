# Everything here needs Go and make only; `make lint` and `make race` also need
# what their comment says.
.DEFAULT_GOAL := help
.PHONY: help demo test race lint e2e browser screenshots test-peers replay-open bench hotpaths build clean

# The binaries and tests never need cgo; the race detector does.
export CGO_ENABLED ?= 0

# Packages that do not link the Temporal server: with the race detector that
# alone would keep a small machine busy for a long time.
LIGHT = $(shell go list -f '{{if not .Standard}}{{.ImportPath}} {{join .Deps " "}} {{join .TestImports " "}} {{join .XTestImports " "}}{{end}}' ./... | grep -vE 'go\.temporal\.io/server|firebreak/test/stack( |$$)|firebreak/test/stack/temporal' | cut -d' ' -f1)

help: ## list the targets
	@awk -F':.*## ' '/^[a-z0-9-]+:.*## /{printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: ## the whole system on loopback, one real incident from fault to fix
	@echo "Building the sandbox. The first build compiles the Temporal server and takes some minutes; later ones take seconds."
	@go build -o bin/sandbox ./test/sandbox
	@./bin/sandbox $(ARGS)

test: ## every test that needs nothing installed and nothing started
	go test ./...

race: ## the same with the race detector, without what links the Temporal server (needs a C compiler)
	CGO_ENABLED=1 go test -race $(LIGHT)

e2e: ## end to end: killed processes, a runbook that lies, recorded telemetry
	go test -tags e2e -count=1 -timeout 40m -parallel 2 ./test/e2e/...

browser: ## approval in the real Temporal UI and on the Slack page (needs Chromium)
	go test -tags browser -count=1 -timeout 15m ./test/browser

screenshots: ## the same, and the pictures in docs/ are taken anew
	FIREBREAK_PICTURES=$(CURDIR)/docs TZ=UTC go test -tags browser -count=1 -timeout 15m ./test/browser

test-peers: ## the stand-ins against software of other people, where it is present (npm, python, git)
	@file=$$(mktemp); go test -tags peers -count=1 -timeout 15m ./test/peers -report $$file; status=$$?; cat $$file; rm -f $$file; exit $$status

replay-open: ## before a deploy: every open workflow of a namespace (TEMPORAL_*) on this code
	@go run ./test/replay/open $(ARGS)

lint: ## vet, formatting, workflow determinism, linters
	go vet ./...
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo "run gofmt -w on these"; exit 1; }
	go tool workflowcheck ./workflows/...
	go run github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0 run --allow-parallel-runners ./...

bench: ## a table of the detectors' accuracy and speed (accuracy needs python3 and public data, see docs/benchmarks.md)
	@go run ./test/bench $(ARGS)

hotpaths: ## Go's benchmarks of the hot paths
	go test -run '^$$' -bench . -benchmem ./internal/...

build: ## the worker, the starter and the sandbox, into bin/
	go build -o bin/worker ./workers/cmd/worker
	go build -o bin/starter ./starter
	go build -o bin/sandbox ./test/sandbox

clean: ## what make built
	rm -rf bin
