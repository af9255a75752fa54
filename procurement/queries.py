"""What pages may ask of suppliers, commitments and plans."""
