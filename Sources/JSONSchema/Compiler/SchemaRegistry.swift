internal import JSONStream

/// All documents that schemas are taken from, and what can be referred to in them: resources by their URI, anchors by
/// their name.
struct SchemaRegistry {
    struct Resource {
        var uri: SchemaURI
        var document: Int
        /// The entry of its root.
        var root: Int
        var dialect: SchemaDialect
        var anchors: [String: Int] = [:]
        var dynamicAnchors: [String: Int] = [:]
    }

    struct Document {
        var json: JSONDocument
        var uri: String
        /// The resource of each schema that was walked, by its entry.
        var resources: [Int: Int] = [:]
        /// That of the document itself.
        var resource = -1
        var dialect: SchemaDialect
    }

    /// A place in a document.
    struct Place: Hashable {
        var document: Int
        var entry: Int
    }

    private(set) var documents: [Document] = []
    private(set) var resources: [Resource] = []
    private(set) var problems: [SchemaProblem] = []
    private var byURI: [String: Int] = [:]
    /// Documents that were given and not walked.
    private var unread: [String: Int] = [:]

    // MARK: Documents

    /// - Parameter isSchema: the document as a whole is a schema; else schemas are those places that are asked for.
    mutating func add(_ json: JSONDocument, uri: String, dialect: SchemaDialect, isSchema: Bool) -> Int {
        let number = documents.count
        documents.append(Document(json: json, uri: uri, dialect: dialect))
        resources.append(Resource(uri: SchemaURI(uri), document: number, root: 0, dialect: dialect))
        documents[number].resource = resources.count - 1
        byURI[SchemaURI(uri).absolute] = resources.count - 1
        if isSchema { walk(Place(document: number, entry: 0), in: resources.count - 1) }
        return number
    }

    /// One that is walked when something refers to it.
    mutating func addUnread(_ json: JSONDocument, uri: String, dialect: SchemaDialect) {
        unread[SchemaURI(uri).absolute] = documents.count
        documents.append(Document(json: json, uri: uri, dialect: dialect))
    }

    mutating func resource(at uri: String) -> Int? {
        if let known = byURI[uri] { return known }
        if let number = unread.removeValue(forKey: uri) {
            let document = documents[number]
            resources.append(
                Resource(uri: SchemaURI(uri), document: number, root: 0, dialect: document.dialect))
            documents[number].resource = resources.count - 1
            byURI[uri] = resources.count - 1
            walk(Place(document: number, entry: 0), in: resources.count - 1)
            return byURI[uri]
        }
        guard let json = MetaSchemas.document(uri) else { return nil }
        _ = add(json, uri: uri, dialect: .draft2020, isSchema: true)
        return byURI[uri]
    }

    // MARK: Schemas within a document

    static let single: Set<String> = [
        "additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then",
        "unevaluatedItems", "unevaluatedProperties",
    ]
    static let lists: Set<String> = ["allOf", "anyOf", "oneOf", "prefixItems"]
    static let maps: Set<String> = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"]

    /// Sees to it that what is in the schema at `place` can be referred to; gives its resource.
    mutating func read(_ place: Place) -> Int {
        if let known = documents[place.document].resources[place.entry] { return known }
        walk(place, in: enclosing(place))
        return documents[place.document].resources[place.entry] ?? documents[place.document].resource
    }

    /// That of the nearest schema around it that was walked.
    private func enclosing(_ place: Place) -> Int {
        let document = documents[place.document]
        var nearest = document.resource
        var size = Int.max
        for (entry, resource) in document.resources
        where entry < place.entry && Int(document.json.entries[entry].next) > place.entry {
            let span = Int(document.json.entries[entry].next) - entry
            if span < size {
                size = span
                nearest = resource
            }
        }
        return nearest
    }

    private mutating func walk(_ start: Place, in resource: Int) {
        var open = [(entry: start.entry, resource: resource)]
        while let (entry, outer) = open.popLast() {
            guard documents[start.document].resources[entry] == nil else { continue }
            let node = documents[start.document].json.node(entry)
            documents[start.document].resources[entry] = outer
            guard node.isObject else { continue }
            let resource = identify(node, Place(document: start.document, entry: entry), outer)
            documents[start.document].resources[entry] = resource
            for member in node.members {
                let name = member.name
                if Self.single.contains(name) {
                    open.append((member.value.index, resource))
                } else if Self.lists.contains(name) {
                    for element in member.value.elements { open.append((element.index, resource)) }
                } else if Self.maps.contains(name) {
                    for inner in member.value.members { open.append((inner.value.index, resource)) }
                }
            }
        }
    }

    /// `$id`, `$schema` and the anchors of one schema.
    private mutating func identify(_ node: JSONNode, _ place: Place, _ outer: Int) -> Int {
        if documents[place.document].dialect.isOpenAPI30 { return outer }
        var resource = outer
        if let text = node.member("$id")?.string {
            let uri = SchemaURI(text)
            if let fragment = uri.fragment, !fragment.isEmpty {
                report(place, "/$id", "$id must have no fragment", fix: "write $anchor for a name in this document")
            } else {
                let absolute = uri.resolved(against: resources[outer].uri)
                if place.entry == resources[outer].root, resources[outer].document == place.document {
                    // The document's own name stands beside the one it was found by.
                    resources[outer].uri = absolute
                } else {
                    resources.append(
                        Resource(
                            uri: absolute, document: place.document, root: place.entry,
                            dialect: resources[outer].dialect))
                    resource = resources.count - 1
                }
                if let other = byURI[absolute.absolute], other != resource, resources[other].root != place.entry {
                    report(place, "/$id", "two schemas have the $id \(absolute.absolute)", fix: "name one otherwise")
                }
                byURI[absolute.absolute] = resource
            }
        }
        if let schema = node.member("$schema") { setDialect(schema, place, resource) }
        if let name = node.member("$anchor")?.string { resources[resource].anchors[name] = place.entry }
        if let name = node.member("$dynamicAnchor")?.string {
            resources[resource].anchors[name] = place.entry
            resources[resource].dynamicAnchors[name] = place.entry
        }
        return resource
    }

    /// `$schema`: 2020-12, or a metaschema that is here and says by `$vocabulary` what counts (core §8.1.2).
    private mutating func setDialect(_ schema: JSONNode, _ place: Place, _ resource: Int) {
        guard let text = schema.string else {
            return report(place, "/$schema", "$schema must be a URI")
        }
        let uri = SchemaURI(text).absolute
        guard uri != SchemaDialect.uri else { return }
        if let draft = SchemaDialect.oldDraft(uri) {
            return report(
                place, "/$schema", "this is a schema of \(draft); schemas here are of draft 2020-12",
                fix: "write it for \(SchemaDialect.uri)")
        }
        guard let metaschema = self.resource(at: uri) else {
            return report(place, "/$schema", "the metaschema \(uri) is not known here")
        }
        let meta = resources[metaschema]
        guard let listed = documents[meta.document].json.node(meta.root).member("$vocabulary"), listed.isObject else {
            return
        }
        var dialect = SchemaDialect(vocabularies: [])
        for member in listed.members where !dialect.add(vocabulary: member.name) && member.value.bool == true {
            report(place, "/$schema", "its metaschema needs the vocabulary \(member.name), which is not known here")
        }
        resources[resource].dialect = dialect
    }

    // MARK: References

    /// Where a reference leads.
    struct Target {
        var place: Place
        var resource: Int
        /// The name, if it leads to a dynamic anchor.
        var dynamicAnchor: String?
    }

    mutating func resolve(_ reference: String, from resource: Int) -> Target? {
        let uri = SchemaURI(reference).resolved(against: resources[resource].uri)
        guard let found = self.resource(at: uri.absolute) else { return nil }
        let fragment = SchemaURI.decoded(uri.fragment ?? "")
        let (document, root) = (resources[found].document, resources[found].root)
        if fragment.isEmpty {
            return Target(place: Place(document: document, entry: root), resource: found)
        }
        if fragment.hasPrefix("/") {
            guard let entry = follow(fragment, from: root, in: document) else { return nil }
            let place = Place(document: document, entry: entry)
            return Target(place: place, resource: read(place))
        }
        guard let entry = resources[found].anchors[fragment] else { return nil }
        let isDynamic = resources[found].dynamicAnchors[fragment] != nil
        return Target(
            place: Place(document: document, entry: entry), resource: found,
            dynamicAnchor: isDynamic ? fragment : nil)
    }

    private func follow(_ pointer: String, from root: Int, in document: Int) -> Int? {
        var node = documents[document].json.node(root)
        for step in pointer.split(separator: "/", omittingEmptySubsequences: false).dropFirst() {
            let name = step.replacing("~1", with: "/").replacing("~0", with: "~")
            var next: JSONNode?
            if node.isObject {
                next = node.member(String(name))
            } else if let position = Int(name), position >= 0 {
                next = node.element(position)
            }
            guard let next else { return nil }
            node = next
        }
        return node.index
    }

    mutating func report(_ place: Place, _ suffix: String, _ message: String, fix: String? = nil) {
        let document = documents[place.document]
        problems.append(
            SchemaProblem(
                uri: document.uri, pointer: Pointers.pointer(to: place.entry, in: document.json) + suffix,
                message: message, fix: fix))
    }
}
