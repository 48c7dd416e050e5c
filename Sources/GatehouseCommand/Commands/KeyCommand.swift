internal import ArgumentParser
internal import Identity

struct KeyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "key",
        abstract: "Makes what consumers show: API keys, and hashes of keys and passwords.",
        discussion: """
            A configuration keeps hashes only. Keys and passwords are read from standard
            input, never from the command line, where others could see them.

            Examples:
              gatehouse key new --consumer shop
              gatehouse key hash < old-key.txt
              gatehouse key password
            """,
        subcommands: [KeyNew.self, KeyHash.self, KeyPassword.self])
}

struct KeyNew: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "new",
        abstract: "Makes an API key and its hash. The key is shown once and kept nowhere.",
        discussion: """
            The first line is the key, for whoever will call; the second its hash, for
            api_keys of a consumer. With --consumer what to put into the file stands below.
            """)

    @Option(help: "Whose key it will be: writes the lines for the configuration.")
    var consumer: String?

    func run() throws {
        let key = APIKey.generate()
        var text = "\(key.text)\n\(key.stored)"
        if let consumer {
            text += """


                consumers:
                  \(try JSONLines.pretty(consumer)):
                    api_keys: [ "\(key.stored)" ]
                """
        }
        Console.output.write(text)
    }
}

struct KeyHash: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "hash",
        abstract: "Hashes an API key that exists already.",
        discussion: """
            The key is read from standard input, without the line's end. SHA-256 is enough
            for keys of 128 random bits or more; a key that a person has thought up is a
            password: use basic for it.
            """)

    func run() throws {
        let key = try SecretInput.read("The key (it is not shown):")
        guard key.count <= APIKeyTable.longest else {
            throw ValidationError("a key has at most \(APIKeyTable.longest) bytes")
        }
        Console.output.write(StoredDigest(of: key.span).text)
    }
}

struct KeyPassword: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "password",
        abstract: "Hashes a password, for a consumer's password.",
        discussion: """
            The password is read from standard input, without the line's end. What is written
            says how it was hashed: $scrypt$ln=14,r=8,p=1$salt$hash.
            """)

    func run() throws {
        let password = try SecretInput.read("The password (it is not shown):")
        guard let hash = PasswordHash.make(password) else {
            throw Outcome(.cannotStart, "there is not enough memory to hash a password")
        }
        Console.output.write(hash.text)
    }
}
