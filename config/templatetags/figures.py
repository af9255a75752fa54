"""Chinese formatting of figures in templates."""

from django import template

register = template.Library()
