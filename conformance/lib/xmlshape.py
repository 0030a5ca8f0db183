"""XML as a value that can be compared: what it means, not how it is spelled, without what is made up anew each time."""

import json
import xml.etree.ElementTree as ElementTree

# Ids of elements, and what follows from a key or from ids.
MADE_UP = ("ID", "SessionIndex", "URI")
SEALED = ("DigestValue", "SignatureValue")


def of(text):
    return _shape(ElementTree.fromstring(text))


def _shape(element):
    name = element.tag.rpartition("}")[2]
    said = (element.text or "").strip()
    if name in SEALED:
        said = f"<{name}>"
    elif name == "X509Certificate":
        said = "".join(said.split())
    elif said.startswith("JSON:"):
        said = "JSON:" + json.dumps(json.loads(said.removeprefix("JSON:")), sort_keys=True)
    shape = {
        "name": element.tag,
        "attributes": {k: f"<{k}>" if k in MADE_UP and v else v for k, v in element.attrib.items()},
        "text": said,
        "children": [_shape(child) for child in element],
    }
    return {k: v for k, v in shape.items() if v}
