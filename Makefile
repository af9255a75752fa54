# Everything runs from .venv; `make demo` and `make test` also work on a fresh machine with python3, venv, make and git.
PY := .venv/bin/python
STAMP := .venv/.ready
JOBS ?= 2

.PHONY: demo test test-one-database check format bench serve bundle ready clean

ready: $(STAMP)

$(STAMP): requirements.txt $(wildcard locale/*/LC_MESSAGES/*.po)
	@command -v python3 >/dev/null || { echo "缺少 python3：请先安装（Debian：apt install python3）"; exit 1; }
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "需要 Python 3.11 或更新版本，现为 $$(python3 -V)"; exit 1; }
	@python3 -c 'import venv, ensurepip' 2>/dev/null || { echo "缺少 python3-venv：请先安装（Debian：apt install python3-venv）"; exit 1; }
	@test -x $(PY) || python3 -m venv .venv
	@echo "安装依赖 …"
	@$(PY) -m pip install --quiet --disable-pip-version-check $(PIP_FLAGS) -r requirements.txt
	@$(PY) -m config.compile_messages
	@touch $(STAMP)

demo: ready
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@$(PY) manage.py load_demo
	@$(PY) manage.py watch
	@$(PY) manage.py load_demo --after-watch
	@mkdir -p var/demo
	@$(PY) manage.py plan_alliance --time-limit 60 --out var/demo/采购计划.xlsx
	@$(PY) manage.py demo_summary
	@test "$(DEMO_SERVE)" = "0" || $(MAKE) --no-print-directory serve

serve: ready
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py collectstatic --noinput --verbosity 0
	@echo "打开 http://127.0.0.1:8000 （Ctrl-C 停止）"
	@trap 'kill 0' INT TERM EXIT; $(PY) manage.py work & \
	 .venv/bin/gunicorn -k gthread -w 2 --threads 8 --no-control-socket -b 127.0.0.1:8000 config.wsgi

test: ready
	@DATABASE_URL= $(MAKE) --no-print-directory test-one-database
	@case "$(DATABASE_URL)" in postgres*) echo "PostgreSQL："; $(MAKE) --no-print-directory test-one-database;; esac

test-one-database:
	@$(PY) -m pytest -n $(JOBS) --dist loadgroup

check: ready
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/mypy
	.venv/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	HTTPS=1 SECRET_KEY=$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(60))') $(PY) manage.py check --deploy --fail-level WARNING
	.venv/bin/djlint templates --check --quiet
	.venv/bin/djlint templates --lint --quiet

format: ready
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .
	.venv/bin/djlint templates --reformat --quiet

bench: ready
	@$(PY) -m benchmarks.run

bundle: ready
	@$(PY) -m config.bundle var/bundle

clean:
	rm -rf var .venv .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
