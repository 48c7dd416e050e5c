# The one list of what can be run.

SOURCES = Package.swift Sources Tests Examples/MobileBFF

.PHONY: help demo test example opinion soak build bench format lint

help:  ## Prints this list.
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 10

demo:  ## Four sample services with a gateway in front, and lines to try.
	@scripts/demo

test:  ## Builds and runs the test suite.
	@scripts/test

example:  ## The example that is written in Swift, beside the same thing in configuration.
	@scripts/example

opinion:  ## Programs of other people judge the built one: its messages, its metrics, its TLS.
	@scripts/second-opinion
	@scripts/tls-opinion

soak:  ## Two minutes of load with clients and services that come and go.
	@scripts/build
	@scripts/soak --seconds 120
	@scripts/reload-soak

build:  ## The program, optimised: .build/release/gatehouse.
	@scripts/setup
	@scripts/build

bench:  ## Compares speed and memory with other gateways.
	Benchmarks/compare

format:  ## Lays the code out as .swift-format says.
	swift format --in-place --parallel --recursive $(SOURCES)

lint:  ## Tells where the code is laid out otherwise.
	swift format lint --strict --parallel --recursive $(SOURCES)
