"""Measurements that can be repeated; none of them is part of the product."""
