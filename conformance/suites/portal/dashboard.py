"""A dashboard that logs people in as Horizon does: by its package openstack_auth, on pages without decoration.

    dashboard.py KEYSTONE_URL PORT DIR

DIR is for its sessions.
"""

import socketserver
import sys
from wsgiref import simple_server

import django
from django import http
from django import shortcuts
from django.conf import settings
from django.contrib.auth import decorators
from django.core import wsgi
from django.urls import include
from django.urls import re_path
from openstack_auth import defaults

keystone, port, sessions = sys.argv[1:]

FORM = """<!DOCTYPE html><html lang="en"><title>Dashboard</title><main><form method="post">{% csrf_token %}
{{ form.non_field_errors }}{% for f in form.hidden_fields %}{{ f }}{% endfor %}
{% for f in form.visible_fields %}<p><label for="{{ f.id_for_label }}">{{ f.label }}</label> {{ f }} {{ f.errors }}</p>{% endfor %}
<button>Sign In</button></form></main></html>"""
HOME = """<!DOCTYPE html><html lang="en"><title>Dashboard</title><main><h1>Overview</h1>
<p>{{ user.username }} works on {{ user.project_name }} as {% for r in user.roles %}{{ r.name }} {% endfor %}</p>
<p>Projects: {% for p in user.authorized_tenants %}{{ p.name }} {% endfor %}</p>
<pre id="token">{{ user.token.id }}</pre></main></html>"""

settings.configure(**{
    **{name: getattr(defaults, name) for name in dir(defaults) if name.isupper()},
    "ALLOWED_HOSTS": ["*"],
    "AUTHENTICATION_BACKENDS": ["openstack_auth.backend.KeystoneBackend"],
    # As Horizon's own settings have it where one-time codes are asked for.
    "AUTHENTICATION_PLUGINS": ["openstack_auth.plugin.totp.TotpPlugin", "openstack_auth.plugin.password.PasswordPlugin", "openstack_auth.plugin.token.TokenPlugin"],
    "OPENSTACK_KEYSTONE_MFA_TOTP_ENABLED": True,
    "AUTH_USER_MODEL": "openstack_auth.User",
    "DATABASES": {"default": {"ENGINE": "django.db.backends.dummy"}},
    "DEFAULT_AUTO_FIELD": "django.db.models.AutoField",
    "INSTALLED_APPS": ["django.contrib.contenttypes", "django.contrib.auth", "django.contrib.sessions", "django.contrib.messages", "openstack_auth"],
    "LOGIN_REDIRECT_URL": "/",
    "LOGIN_URL": "/auth/login/",
    "MIDDLEWARE": [
        "openstack_auth.middleware.OpenstackAuthMonkeyPatchMiddleware",
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.middleware.csrf.CsrfViewMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    "OPENSTACK_KEYSTONE_URL": keystone,
    "ROOT_URLCONF": __name__,
    "SECRET_KEY": "of a dashboard that is gone in a moment",
    "SESSION_ENGINE": "django.contrib.sessions.backends.file",
    "SESSION_FILE_PATH": sessions,
    "SESSION_SERIALIZER": "openstack_auth.serializers.HorizonSerializer",
    "TEMPLATES": [{
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {
            "context_processors": ["django.template.context_processors.request", "django.contrib.auth.context_processors.auth"],
            "loaders": [("django.template.loaders.locmem.Loader", {"auth/login.html": FORM, "auth/totp.html": FORM, "auth/password.html": FORM, "home.html": HOME})],
        },
    }],
    "USE_TZ": True,
})
django.setup()


@decorators.login_required
def home(request):
    return shortcuts.render(request, "home.html")


urlpatterns = [re_path("^auth/", include("openstack_auth.urls")), re_path("^$", home), re_path("^ready$", lambda request: http.HttpResponse("ready"))]


class Server(socketserver.ThreadingMixIn, simple_server.WSGIServer):
    daemon_threads = True


simple_server.make_server("127.0.0.1", int(port), wsgi.get_wsgi_application(), server_class=Server).serve_forever()
