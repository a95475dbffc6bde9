"""What holds for all tests: properties are judged by what they find, never by the clock."""

from hypothesis import settings

settings.register_profile("holdfast", deadline=None)
settings.load_profile("holdfast")
