"""Settings of the tests: a database file of their own, plain static files, a quick password hash."""

from config.settings import *  # noqa: F403
from config.settings import DATABASES, JOBS, MIDDLEWARE, STATIC_ROOT, VAR_DIR

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    DATABASES["default"]["TEST"] = {"NAME": VAR_DIR / "test.sqlite3"}
DEBUG = False
# It writes once a minute: how many questions a page asks must not hang on the clock.
MIDDLEWARE = [name for name in MIDDLEWARE if name != "config.idle.StaySignedInWhileActive"]
SECRET_KEY = "tests-only"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "test-files"
WHITENOISE_AUTOREFRESH = True
JOBS = JOBS | {"slow": "tests.formulary.slow_job.add_up"}
JOB_STALE_SECONDS = 3
# WhiteNoise warns of a missing folder, and warnings are errors here; on a clean checkout nothing has been collected.
STATIC_ROOT.mkdir(parents=True, exist_ok=True)
