"""What is done about a theme: tags, service fixes per store, backlog items with gates, trials, telling."""
