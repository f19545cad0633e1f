# make          lists the targets
# make study    is the main job; it sets up .venv first, where that is missing or out of date
# make UV=      sets up with pip although uv is there

PYTHON ?= python3
PYTHONS := 3.11 3.12 3.13
UV := $(shell command -v uv 2>/dev/null)
IN_VENV := .venv/bin/python
SITE_PACKAGES = .venv/lib/python3.*/site-packages
PYTEST := $(IN_VENV) -m pytest -q -n 2 --dist loadfile
NOTEBOOKS = $(wildcard notebooks/*.ipynb)
CHECK_NOTEBOOKS = PYTHONPATH=tests $(PYTEST) -p nbval.plugin -p notebook_check.plugin
# The font cache is built once, at set-up: built later, its message would stand in a notebook.
export MPLCONFIGDIR := $(CURDIR)/.venv/matplotlib
# Two processes test on two cores: threads of their own would only wait for each other.
test test-notebooks test-lowest: export OPENBLAS_NUM_THREADS := 1

.DEFAULT_GOAL := help
.PHONY: help study test test-notebooks test-browser test-engines test-lowest mutate coverage lab notebooks lint \
	format baseline changes bench slow lock clean

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 16

# The stamp is written last, and .venv is made anew: a broken set-up never passes for a whole one.
.venv/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("%d.%d" % sys.version_info[:2] not in "$(PYTHONS)".split())' \
		2>/dev/null || { echo "coaching_stats needs one of Python $(PYTHONS), but '$(PYTHON)' is:" \
		"$$($(PYTHON) --version 2>&1); name another one: make PYTHON=python3.12" >&2; exit 1; }
	@echo "Setting up .venv; this takes a few minutes the first time."
	@rm -rf .venv
ifneq ($(UV),)
	@$(PYTHON) -m venv --without-pip .venv
	@"$(UV)" pip install -q --python $(IN_VENV) --require-hashes -r requirements.lock
	@"$(UV)" pip install -q --python $(IN_VENV) --no-deps --no-build-isolation -e .
else
	@$(PYTHON) -m venv .venv
	@$(IN_VENV) -m pip install -qq --disable-pip-version-check --no-compile \
		--require-hashes -r requirements.lock
	@$(IN_VENV) -m pip install -qq --disable-pip-version-check --no-deps --no-build-isolation -e .
endif
# Bytecode saves seconds at every start; a few installed files are templates and cannot compile.
	@env -u PYTHONDONTWRITEBYTECODE $(IN_VENV) -m compileall -qq -j 0 -x /tests/ \
		$(SITE_PACKAGES) coaching_stats || true
	@$(IN_VENV) -c "import matplotlib.font_manager"
	@touch $@

study: .venv/.installed ## judge the sample study and write the report to build/study
	@$(IN_VENV) -m coaching_stats study

test: lint ## lint, tests, doctests and notebooks: what .ci/run runs
	@$(PYTEST) --doctest-glob='*.md' tests coaching_stats README.md $(wildcard docs)
	@$(if $(NOTEBOOKS),$(CHECK_NOTEBOOKS) notebooks)

test-notebooks: .venv/.installed ## run the notebooks anew; compare text, tables and figures
	@$(CHECK_NOTEBOOKS) notebooks tests/test_notebooks.py tests/test_notebook_stored.py \
		tests/test_notebook_outputs.py tests/test_readme_figure.py

HAS_BROWSER = command -v chromium >/dev/null && command -v chromedriver >/dev/null
# Debian's names; elsewhere the two commands can be installed by hand.
test-browser: .venv/.installed ## the page in headless Chromium; installs it where it may (Debian, root)
	@{ $(HAS_BROWSER); } || { [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null \
		&& apt-get -qq update >/dev/null && DEBIAN_FRONTEND=noninteractive \
		apt-get -qq install -y --no-install-recommends chromium chromium-driver >/dev/null; } || true
	@if $(HAS_BROWSER); then $(IN_VENV) -m pytest -q -m browser tests/browser; \
		else echo "test-browser: skipped, as chromium and chromedriver are not here and may not be installed" >&2; fi

lab: .venv/.installed ## open the notebooks in JupyterLab
	@$(IN_VENV) -m jupyterlab --notebook-dir=notebooks

notebooks: .venv/.installed ## run every notebook and keep the new outputs; draw README's picture
	@$(IN_VENV) -m nbconvert --to notebook --execute --inplace \
		--ExecutePreprocessor.record_timing=False notebooks/*.ipynb
	@$(IN_VENV) -c "import coaching_stats as cs; \
		cs.plot_verdicts(cs.run_study()).figure.savefig('docs/answer.png')"

lint: .venv/.installed ## check style, change nothing
	@$(IN_VENV) -m ruff check --quiet .
	@$(IN_VENV) -m ruff format --check --quiet .

format: .venv/.installed ## mend style where ruff can
	@$(IN_VENV) -m ruff check --fix --quiet .
	@$(IN_VENV) -m ruff format --quiet .

baseline: .venv/.installed ## judge every sample study and keep its results as the baseline
	@tests/baseline/run.sh keep

changes: .venv/.installed ## what changed against the baseline, also in build/changes.md
	@tests/baseline/run.sh compare

bench: .venv/.installed ## measure speed and memory
	@$(IN_VENV) benchmarks/run.py

slow: .venv/.installed ## the simulations that take minutes
	@$(PYTEST) -m slow tests

.venv-engines/.installed: requirements.lock pyproject.toml
	@rm -rf .venv-engines
	@$(PYTHON) -m venv .venv-engines
	@.venv-engines/bin/python -m pip install -qq --disable-pip-version-check -e '.[spark,dask,test]'
	@touch $@

test-engines: .venv-engines/.installed ## the tests on local Spark (needs Java) and Dask; 1 GB to download
	@.venv-engines/bin/python -m pytest -q -m engines tests/engines

.venv-lowest/.installed: pyproject.toml
	@rm -rf .venv-lowest
	@uv venv -q --python $(IN_VENV) .venv-lowest
	@uv pip install -q --python .venv-lowest/bin/python --resolution lowest-direct -e '.[test]'
	@touch $@

# The oldest matplotlib meets the newest pyparsing, which warns of it; and it draws figures otherwise
# than the one in the lock, with which the stored pixels are compared.
test-lowest: .venv-lowest/.installed ## the unit tests on the lowest versions admitted (needs uv)
	@.venv-lowest/bin/python -m pytest -q -n 2 --dist loadfile -W ignore::DeprecationWarning tests \
		--ignore=tests/test_notebook_outputs.py --ignore=tests/test_readme_figure.py

AREAS ?= moments regression mediation verdicts privacy
MUTANTS ?=
MUTATED = $(basename $(shell sed -n 's|^    coaching_stats/||p' tests/mutation/*.cfg))
MUTATED_BY = $(sort $(shell sed -n '/^ *tests\/[a-z_]*\.py$$/p' tests/mutation/*.cfg))

.venv-mutate/.installed: requirements.lock pyproject.toml
	@rm -rf .venv-mutate
	@$(PYTHON) -m venv .venv-mutate
	@.venv-mutate/bin/python -m pip install -qq --disable-pip-version-check -e '.[mutate,test]'
	@touch $@

# Each area in a copy of its own: a mutant never touches the tree, and five settings stand apart.
mutate: .venv-mutate/.installed ## mutation scores, at least 85 %; hours. AREAS=moments MUTANTS='*.cells.*'
	@for area in $(AREAS); do copy=build/mutation/$$area; rm -rf $$copy; mkdir -p $$copy; \
		cp -r coaching_stats tests data benchmarks pyproject.toml $$copy; \
		cp tests/mutation/$$area.cfg $$copy/setup.cfg; \
		rm -f $$copy/benchmarks/*.md; \
		(cd $$copy && PYTHONPATH=$(CURDIR)/tests/mutation $(CURDIR)/.venv-mutate/bin/python -m mutmut run \
			$(if $(MUTANTS),'$(MUTANTS)')) || exit 1; done
	@.venv-mutate/bin/python tests/mutation/score.py $(AREAS:%=build/mutation/%)

coverage: .venv-mutate/.installed ## branch coverage of the same modules, at least 95 % each
	@mkdir -p build
	@.venv-mutate/bin/python -m pytest -q --cov --cov-report= --cov-config=tests/mutation/coverage.cfg $(MUTATED_BY)
	@for module in $(MUTATED); do .venv-mutate/bin/python -m coverage report \
		--rcfile=tests/mutation/coverage.cfg --include=coaching_stats/$$module.py \
		--fail-under=95 --skip-covered --show-missing || failed=1; done; exit $${failed:-0}

lock: ## pin the dependencies anew (needs uv)
	@uv pip compile -q --universal --fork-strategy fewest --python-version 3.11 \
		--extra notebooks --extra test --generate-hashes --no-header \
		-o requirements.lock pyproject.toml

clean: ## remove what make made, .venv too
	@rm -rf .venv .venv-engines .venv-lowest .venv-mutate build dist .pytest_cache .ruff_cache .hypothesis
