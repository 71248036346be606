"""What the HTTP faces share: who asks, what a route demands, one transaction per request,
headers, and errors as status and words. The faces themselves know nothing of each other."""
