"""The tests of Holdfast; a package only so that they can share `tests.support`."""
