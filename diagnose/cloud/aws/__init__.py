"""Amazon Web Services: EC2."""
