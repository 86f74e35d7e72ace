"""Scrapes metrics, evaluates what dashboards and alert rules ask of them, and draws a dashboard without Grafana."""
