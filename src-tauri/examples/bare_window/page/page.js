// The same mark that Countersign's page sets once it can be used.
requestAnimationFrame(() => performance.mark("usable"));
