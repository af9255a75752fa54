"""One settings file; what differs between machines comes from the environment (see README)."""

import os
from datetime import timedelta
from pathlib import Path

import dj_database_url

from config import env
from config.admin_theme import UNFOLD  # noqa: F401 (read by Unfold)

# Before numpy is first imported: web and job workers share the cores, and BLAS threads that wait for one another on a
# busy machine made a replay ten times slower than one thread did.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = Path(env.text("YAOHENG_VAR", str(BASE_DIR / "var")))

DEBUG = env.flag("DEBUG", False)


def _secret_key() -> str:
    """The key given by the environment, or one made on first start and kept beside the database."""
    given = env.text("SECRET_KEY", "")
    if given:
        return given
    from django.core.management.utils import get_random_secret_key

    path = VAR_DIR / "secret_key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(get_random_secret_key() + get_random_secret_key(), encoding="utf-8")
        path.chmod(0o600)
    return path.read_text(encoding="utf-8")


SECRET_KEY = _secret_key()
ALLOWED_HOSTS = env.words("ALLOWED_HOSTS", "127.0.0.1,localhost")
CSRF_TRUSTED_ORIGINS = env.words("CSRF_TRUSTED_ORIGINS", "")

INSTALLED_APPS = [
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.import_export",
    "config.admin_app.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "import_export",
    "django_htmx",
    "django_filters",
    "lucide",
    "ninja",
    "django_tasks",
    "django_tasks_db",
    "axes",
    "formulary",
    "shortage",
    "procurement",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "formulary.views.passwords.FirstPasswordMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "config.csp.ContentSecurityPolicy",
    "config.api.ApiSpeaksJson",
    "config.idle.StaySignedInWhileActive",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
AUTH_USER_MODEL = "formulary.Person"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "config.shell.shell",
            ],
            "builtins": [
                "lucide.templatetags.lucide",
                "config.templatetags.figures",
                "config.templatetags.parts",
            ],
        },
    }
]

# IMMEDIATE is what keeps concurrent writers from "database is locked"; WAL keeps readers quick.
SQLITE_OPTIONS = {
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-65536;",
}
DATABASES = {
    "default": dj_database_url.parse(
        env.text("DATABASE_URL", "") or f"sqlite:///{VAR_DIR / 'yaoheng.sqlite3'}", conn_max_age=None
    )
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["OPTIONS"] = SQLITE_OPTIONS
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend", "QUEUES": ["default"]}}

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 8}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "formulary.passwords.SeveralKinds"},
    {"NAME": "formulary.passwords.LongerForAdministrators"},
    {"NAME": "formulary.passwords.NotUsedLately"},
]
PASSWORDS_REMEMBERED = 5
PASSWORD_DAYS = env.number("PASSWORD_DAYS", 90)

# Five wrong passwords for one account from one place close it for a quarter of an hour.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = env.number("SIGN_IN_FAILURES", 5)
AXES_COOLOFF_TIME = timedelta(minutes=env.number("SIGN_IN_PAUSE_MINUTES", 15))
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_LOCKOUT_TEMPLATE = "registration/locked.html"
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False

LANGUAGE_CODE = "zh-hans"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = ["config.formats"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "templates" / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "files"
DATA_UPLOAD_MAX_MEMORY_SIZE = 20 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024

# Behind nginx with TLS set HTTPS=1; a county intranet without certificates may run plain HTTP.
HTTPS = env.flag("HTTPS", False)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
# A session ends so many seconds after the last thing its owner did (config.idle).
SESSION_COOKIE_AGE = 60 * env.number("IDLE_MINUTES", 30)
SESSION_COOKIE_HTTPONLY = True
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": env.text("LOG_LEVEL", "WARNING")},
}

# What the committee may ask of the rooms to its right (formulary.rules.evidence names the shapes).
EVIDENCE = {
    "use": "shortage.queries.evidence.use",
    "used": "shortage.queries.evidence.used",
    "stock": "shortage.queries.evidence.stock",
    "price": "procurement.queries.evidence.prices",
    "purchase": "procurement.queries.evidence.purchases",
    "commitment": "procurement.queries.evidence.commitments",
}

# What a job of each kind runs (formulary.actions.jobs); a name not listed here cannot be queued.
JOBS = {
    "list_import": "formulary.list_jobs.list_import",
    "stock_import": "shortage.intake_jobs.stock_import",
    "suggestions": "formulary.suggestion_jobs.suggestions",
    "watch": "shortage.jobs.watch",
    "balance": "shortage.jobs.balance",
    "deliver": "shortage.jobs.deliver",
    "replay": "shortage.jobs.replay",
    "backtest": "shortage.jobs.backtest",
    "plan": "procurement.jobs.solve",
    "study": "procurement.study_jobs.solve",
}

# What a worker looks after between jobs, every TICK_SECONDS: reminders, summaries, messages that wait for their hour.
TICKS = ["shortage.actions.reminding.tick", "procurement.actions.price_cases.tick"]
TICK_SECONDS = 60
# Where links in messages lead, who sends mail, and through which server (host:port, smtps:// or starttls:// with a login).
SITE_URL = env.text("SITE_URL", "http://127.0.0.1:8000").rstrip("/")
MAIL_SERVER = env.text("MAIL_SERVER", "")
MAIL_FROM = env.text("MAIL_FROM", "yaoheng@localhost")

# HSTS for subdomains and browser preload lists are the hospital's decision, not the product's.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
# A running job whose heartbeat is older than this has lost its worker and is queued again.
JOB_STALE_SECONDS = 90
