"""The pure core: data sets and arrays in, values out. No clock, socket, file, thread, log, environment or random."""
