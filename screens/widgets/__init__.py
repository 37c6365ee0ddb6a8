"""Widgets that know no system: they draw lines, cells and rows that pages give them."""
