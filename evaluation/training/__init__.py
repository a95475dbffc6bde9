"""Scripts that make the small models Holdfast ships; each states its data, split and licences."""
