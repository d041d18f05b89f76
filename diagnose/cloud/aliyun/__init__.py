"""Alibaba Cloud: Elastic Compute Service and Simple Application Server."""
