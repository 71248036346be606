"""What the author of a Kontora plugin needs: the test kit (`kontora_sdk.testing`)."""
