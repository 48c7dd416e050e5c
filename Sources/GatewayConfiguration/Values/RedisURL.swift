extension LimitStoreConfiguration.Server {
    /// `redis://user:password@host:6379/0`, or `rediss://` for TLS. User, password and the number of the database may be
    /// left out; user and password are percent-decoded, the place itself follows the rules of other URLs.
    static func parse(_ text: String) throws(Problem) -> LimitStoreConfiguration.Server {
        let fix = "write redis://host:6379 or rediss://host:6379"
        let isTLS = text.hasPrefix("rediss://")
        guard isTLS || text.hasPrefix("redis://") else { throw Problem("is not a Redis URL", fix: fix) }
        let rest = text.drop { $0 != "/" }.dropFirst(2)
        let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let place: Substring
        var userInformation: Substring?
        if let at = authority.lastIndex(of: "@") {
            userInformation = authority[..<at]
            place = authority[authority.index(after: at)...]
        } else {
            place = authority
        }
        var server: LimitStoreConfiguration.Server
        do throws(Problem) {
            let url = try HTTPURL.parse((isTLS ? "https://" : "http://") + place)
            let hasPort = place.hasPrefix("[") ? !place.hasSuffix("]") : place.contains(":")
            server = LimitStoreConfiguration.Server(host: url.host, port: hasPort ? url.port : 6_379, tls: isTLS)
        } catch {
            throw Problem(error.reason, fix: fix)
        }
        if let userInformation {
            let halves = userInformation.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            let user = try decoded(halves[0])
            if !user.isEmpty { server.username = user }
            if halves.count == 2 {
                let password = try decoded(halves[1])
                if !password.isEmpty { server.password = Secret(password) }
            }
            if server.username != nil && server.password == nil {
                throw Problem("names a user without a password", fix: "write redis://user:password@host:6379")
            }
        }
        let path = rest.dropFirst(authority.count)
        if path.isEmpty || path == "/" { return server }
        guard path.hasPrefix("/"), let database = Int(path.dropFirst()), (0...65_535).contains(database),
            path.dropFirst().allSatisfy(\.isNumber)
        else { throw Problem("has a path that is no number of a database", fix: "write redis://host:6379/0") }
        server.database = database
        return server
    }

    private static func decoded(_ text: Substring) throws(Problem) -> String {
        var bytes: [UInt8] = []
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard rest.count >= 2, let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else {
                throw Problem("holds a % without two hexadecimal digits behind it", fix: "write % as %25")
            }
            bytes.append(value)
            rest = rest.dropFirst(2)
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
