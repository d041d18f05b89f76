"""Tencent Cloud: CVM and Lighthouse."""
