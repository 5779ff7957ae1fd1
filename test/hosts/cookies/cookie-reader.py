# Reads a cookie file over and over as a bot does, and proves that every reading is one whole version; knows nothing of how it is written.
# usage: cookie-reader.py FILE STOP ENOUGH  ->  one line of JSON: reads, torn, missing, versions
import json, os, sys, time

path, stop, enough = sys.argv[1:]
reads = torn = missing = backwards = 0
newest, versions = -1, set()
while reads % 64 or not os.path.exists(stop):
    # in bursts: readers that spin would only slow the writer down
    if reads % 64 == 0:
        time.sleep(0.02)
        if reads >= 50_000 and not os.path.exists(enough):
            open(enough, 'w').close()
    try:
        with open(path, 'rb') as file:
            text = file.read()
    except FileNotFoundError:
        missing += 1
        continue
    reads += 1
    head, _, body = text.partition(b'\n')
    if len(head) != 8 or body != head * 1500:
        torn += 1
        continue
    version = int(head)
    backwards += version < newest
    newest = max(newest, version)
    versions.add(version)
print(json.dumps({'reads': reads, 'torn': torn, 'missing': missing, 'backwards': backwards, 'versions': len(versions)}))
