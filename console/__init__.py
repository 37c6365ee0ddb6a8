"""The kernel: knows neither a screen nor any system. `screens -> console <- plugins`."""
