# Everything runs from plain python3 and pip: each target makes its own environment in .venv on first use.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif

.DEFAULT_GOAL := help
.PHONY: help setup train test test-slow lint types dist bench bench-steps bench-start bench-gpu fuzz fuzz-kernels torture reproduce clean

help: ## Say what each target does
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 12

# Installed again only when pyproject.toml changes.
$(VENV)/.run: pyproject.toml
	@echo "Setting up $(VENV) (a minute or two, once) ..."
	@$(PYTHON) -c "import sys; v = sys.version_info[:2]; sys.exit(0 if (3, 11) <= v < (3, 15) else 'network3 needs Python 3.11 to 3.14; got %d.%d. Name another with make PYTHON=python3.12.' % v)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.run
	@echo "Adding the tools for tests ..."
	@$(BIN)/python -m pip install --quiet -e '.[dev]'
	@touch $@

setup: $(VENV)/.dev ## Make the environment with everything for development

train: $(VENV)/.run ## Train the book's two-convolution ReLU network for 10 epochs on MNIST
	@echo "Training chapter 6's network on the 50,000 images of MNIST (a few minutes) ..."
	@$(BIN)/python -m network3 train dbl_conv_relu --epochs 10

test: $(VENV)/.dev ## Run the tests, without the slow ones
	@echo "Running the tests (about 5 minutes on two cores) ..."
	@$(BIN)/python -m pytest -m "not slow" -n auto --dist loadfile --no-loadscope-reorder

test-slow: $(VENV)/.dev ## Run the slow tests: the chapter's sizes, a new environment
	@echo "Running the slow tests ..."
	@$(BIN)/python -m pytest -m slow -n auto --dist loadfile --no-loadscope-reorder

lint: $(VENV)/.dev ## Check style
	@$(BIN)/python -m ruff check . && $(BIN)/python -m ruff format --check .

types: $(VENV)/.dev ## Check types
	@$(BIN)/python -m mypy

dist: $(VENV)/.dev ## Build the wheel and the source archive into dist/
	@$(PYTHON) -c "import shutil; shutil.rmtree('build', ignore_errors=True)"
	@$(BIN)/python -m build

BENCH ?=
bench: bench-steps bench-start ## Time network3 beside PyTorch, JAX, Keras and pytensor-ml: the two below

bench-steps: $(VENV)/.dev ## Time training steps and inference beside the others
	@echo "Timing steps beside other libraries, in environments of their own (up to 15 minutes; less with BENCH=\"--network fc\") ..."
	@$(BIN)/python -m benchmarks.peers $(BENCH)

bench-start: $(VENV)/.dev ## Time what one waits for: the first epoch, and 98.5 % on MNIST
	@echo "Timing from the start of Python to the first epoch and to 98.5 % on MNIST (up to 25 minutes; less with BENCH=\"--network fc\") ..."
	@$(BIN)/python -m benchmarks.start $(BENCH)

bench-gpu: ## Time training on a GPU, with the JAX and the PyTorch of PYTHON's own environment, which it changes nothing in
	@$(PYTHON) -m benchmarks.gpu $(BENCH)

MINUTES ?= 10
fuzz: $(VENV)/.dev ## Damage files for every reader, for MINUTES=10
	@$(BIN)/python -m tests.tools.fuzz --minutes $(MINUTES)

fuzz-kernels: $(VENV)/.dev ## Compile random kernels, and all kernels at random sizes, and compare with plain Python, for MINUTES=10
	@$(BIN)/python -m tests.tools.fuzz_kernels --minutes $(MINUTES)

KILLS ?= 200
torture: $(VENV)/.dev ## Kill a training KILLS=200 times at random, resume it, and compare it with one left alone
	@$(BIN)/python -m tests.tools.torture --kills $(KILLS)

CHAPTERS ?= 1 3 5
reproduce: $(VENV)/.dev ## Make the numbers of chapters 1, 3 and 5 anew, or of CHAPTERS="6", and the page about them
	@echo "Reproducing chapter $(CHAPTERS), three repeats each; what is in benchmarks/results already is not done again ..."
	@$(foreach chapter,$(CHAPTERS),$(BIN)/python -m network3 reproduce --chapter $(chapter) --results benchmarks/results &&) \
	$(BIN)/python -m network3 report --results benchmarks/results

clean: ## Remove the environment and everything that was built
	@$(PYTHON) -c "import shutil; [shutil.rmtree(d, ignore_errors=True) for d in (*__import__('glob').glob('.venv-peers-*'), '$(VENV)', 'build', 'dist', 'network3.egg-info', '.pytest_cache', '.mypy_cache', '.ruff_cache')]"
