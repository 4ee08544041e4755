# Needs only python3 and pip: each target creates the virtual environment .venv on first use.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.DEFAULT_GOAL := help
.PHONY: help setup train test test-slow test-browser lint types docs dist bench bench-steps bench-start bench-gpu check-gpu fuzz fuzz-kernels fuzz-use torture reproduce clean

help: ## List the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 14

# Reinstalled only when pyproject.toml changes.
$(VENV)/.run: pyproject.toml
	@echo "Setting up $(VENV) (a minute or two, once) ..."
	@$(PYTHON) -c "import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 15) else 'network3 needs Python 3.11 to 3.14; got %d.%d. Choose another with make PYTHON=python3.12.' % v)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Installing the development tools ..."
	@$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@

setup: $(VENV)/.dev ## Create the environment with all development tools

train: $(VENV)/.run ## Train the book's two-convolution ReLU network for 10 epochs on MNIST
	@echo "Training chapter 6's network on the 50,000 images of MNIST (a few minutes) ..."
	@$(BIN)/python -m network3 train dbl_conv_relu --epochs 10

test: $(VENV)/.dev ## Run all tests except the slow ones
	@echo "Running the tests (about 10 minutes on two cores) ..."
	@$(BIN)/python -m pytest -m "not slow and not browser" -n auto --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/.dev ## Run the slow tests: networks of chapter 6 in full size, installation in a new environment
	@echo "Running the slow tests ..."
	@$(BIN)/python -m pytest -m slow -n auto --dist loadfile --no-loadscope-reorder

test-browser: $(VENV)/.dev ## Test the pages in Chromium, which must be installed
	@echo "Running the tests in a browser ..."
	@$(BIN)/python -m pytest -m browser tests/browser

lint: $(VENV)/.dev ## Check style and formatting with ruff
	@$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check .

types: $(VENV)/.dev ## Check types with mypy
	@$(BIN)/python -m mypy

DOCS_VENV := .venv-docs
DOCS_BIN := $(subst $(VENV),$(DOCS_VENV),$(BIN))
$(DOCS_VENV)/.done: pyproject.toml
	@echo "Setting up $(DOCS_VENV) (a minute or two, once) ..."
	@$(PYTHON) -m venv $(DOCS_VENV)
	@$(DOCS_BIN)/python -m pip install --quiet -e '.[docs]'
	@touch $@

docs: $(DOCS_VENV)/.done ## Build the documentation site into build/docs, and run every notebook of it
	@echo "Building build/docs/index.html, with every notebook run (up to 10 minutes) ..."
	@MPLBACKEND=agg $(DOCS_BIN)/python -m sphinx --builder html --quiet --fail-on-warning --keep-going docs build/docs

dist: $(VENV)/.dev ## Build the wheel and the source archive into dist/
	@$(PYTHON) -c "import shutil; shutil.rmtree('build', ignore_errors=True)"
	@$(BIN)/python -m build

BENCH ?=
bench: bench-steps bench-start ## Compare the speed with PyTorch, JAX, Keras and pytensor-ml: bench-steps and bench-start

bench-steps: $(VENV)/.dev ## Compare the time of training steps and of inference
	@echo "Timing steps of network3 and of other libraries in separate environments (up to 15 minutes; less with BENCH=\"--network fc\") ..."
	@$(BIN)/python -m benchmarks.peers $(BENCH)

bench-start: $(VENV)/.dev ## Compare the time to the end of the first epoch, and to 98.5 % on MNIST
	@echo "Timing from the start of Python to the first epoch and to 98.5 % on MNIST (up to 25 minutes; less with BENCH=\"--network fc\") ..."
	@$(BIN)/python -m benchmarks.start $(BENCH)

.PHONY: race
race: $(VENV)/.dev ## Race PyTorch to 99.0 % on the test images of MNIST, from the start of Python
	@echo "Timing network3 and PyTorch to 99.0 % on MNIST, each from an empty cache (up to 15 minutes; less with BENCH=\"--form pytorch --rounds 1\") ..."
	@$(BIN)/python -m benchmarks.race $(BENCH)

bench-gpu: ## Compare training on a GPU, with JAX and PyTorch from the environment of PYTHON, which is not changed
	@$(PYTHON) -m benchmarks.gpu $(BENCH)

CUDA_VENV := .venv-cuda
check-gpu: ## Compile training loops for an H100 without one, and count what a step launches (installs 4 GB)
	@test -e $(CUDA_VENV)/.done || (echo "Setting up $(CUDA_VENV) with JAX for CUDA (4 GB, once) ..." && $(PYTHON) -m venv $(CUDA_VENV) && $(CUDA_VENV)/bin/python -m pip install --quiet -e '.[gpu]' && touch $(CUDA_VENV)/.done)
	@$(CUDA_VENV)/bin/python -m benchmarks.gpu.check

MINUTES ?= 10
fuzz: $(VENV)/.dev ## Test every file reader with damaged files, for MINUTES=10
	@$(BIN)/python -m tests.tools.fuzz --minutes $(MINUTES)

fuzz-kernels: $(VENV)/.dev ## Compare random kernels, and all kernels at random sizes, with plain Python, for MINUTES=10
	@$(BIN)/python -m tests.tools.fuzz_kernels --minutes $(MINUTES)

fuzz-use: $(VENV)/.dev ## Call public constructors, methods and functions with random wrong arguments, for MINUTES=10
	@$(BIN)/python -m tests.tools.fuzz_wrong_use --minutes $(MINUTES)

KILLS ?= 200
torture: $(VENV)/.dev ## Kill and resume a training KILLS=200 times at random, and compare it with an uninterrupted one
	@$(BIN)/python -m tests.tools.torture --kills $(KILLS)

CHAPTERS ?= 1 3 5
reproduce: $(VENV)/.dev ## Reproduce the results of chapters 1, 3 and 5, or of CHAPTERS="6", and write the report
	@echo "Reproducing chapters $(CHAPTERS), three repeats each; runs already in benchmarks/results are skipped ..."
	@$(foreach chapter,$(CHAPTERS),$(BIN)/python -m network3 reproduce --chapter $(chapter) --results benchmarks/results &&) \
	$(BIN)/python -m network3 report --results benchmarks/results

clean: ## Remove the environments, caches and build files
	@$(PYTHON) -c "import shutil; [shutil.rmtree(d, ignore_errors=True) for d in (*__import__('glob').glob('.venv-peers-*'), '$(VENV)', '$(DOCS_VENV)', 'docs/reference/generated', 'build', 'dist', 'network3.egg-info', '.pytest_cache', '.mypy_cache', '.ruff_cache')]"
