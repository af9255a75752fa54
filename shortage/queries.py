"""What other apps and pages may ask of stock, forecasts and alerts."""
