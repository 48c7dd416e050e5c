internal import GatewayConfiguration
internal import Identity
internal import Reactor

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

/// The directory where a managed certificate outlives the program. Two files, readable by their owner only, each
/// replaced as a whole:
///
/// - `account-DIGEST.pem`: the key of the account, one for each authority
/// - `NAME-DIGEST.pem`: a certificate's key and its chain, in one file, so that they cannot come apart
///
/// The digest is of what the file is for: directory and names. Another list of names is another certificate.
struct CertificateStorage: Sendable {
    enum Loaded {
        case found(TLSIdentity)
        case missing
        /// The system's error number.
        case unreadable(Int32)
        /// The file is no certificate with its key.
        case unusable
    }

    let directory: String
    let accountPath: String
    let certificatePath: String

    private static let limit = 1 << 20

    init(_ configuration: ACMEConfiguration) {
        directory = configuration.storage
        let authority = configuration.directory.text
        accountPath = "\(directory)/account-\(Self.digest(authority)).pem"
        let names = ([authority] + configuration.domains.sorted()).joined(separator: "\n")
        certificatePath = "\(directory)/\(configuration.domains[0])-\(Self.digest(names)).pem"
    }

    /// Sixteen digits, enough to tell apart what one operator has.
    private static func digest(_ text: String) -> String {
        let bytes = Array(text.utf8)
        let digits = Array("0123456789abcdef")
        return String(SHA256.hash(bytes.span).prefix(8).flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] })
    }

    func loadCertificate() -> Loaded {
        switch DiskFile.read(certificatePath, limit: Self.limit) {
        case .missing: return .missing
        case .failed(let number): return .unreadable(number)
        case .found(let bytes):
            // The key first, then the chain: each reader skips what is not its own.
            guard let identity = try? TLSIdentity(certificate: bytes, key: bytes) else { return .unusable }
            return .found(identity)
        }
    }

    /// The account's key, made and kept when there is none. Blocks.
    func accountKey() -> Result<SigningKey, ACMEFault> {
        switch DiskFile.read(accountPath, limit: Self.limit) {
        case .failed(let number): return .failure(fault("read", accountPath, number))
        case .found(let bytes):
            guard let key = SigningKey(pem: bytes) else {
                // It is not replaced: with it, the authority's account would be lost.
                return .failure(
                    ACMEFault(reason: .storage, step: "storage", detail: "\(accountPath) is no private key on P-256"))
            }
            return .success(key)
        case .missing:
            guard let key = SigningKey() else { return .failure(fault("make a key for", accountPath, ENOMEM)) }
            let number = replace(accountPath, with: key.pem)
            return number == 0 ? .success(key) : .failure(fault("write", accountPath, number))
        }
    }

    /// Blocks. - Returns: nil when it is kept.
    func keep(chain: [UInt8], key: [UInt8]) -> ACMEFault? {
        let number = replace(certificatePath, with: key + chain)
        return number == 0 ? nil : fault("write", certificatePath, number)
    }

    private func replace(_ path: String, with bytes: [UInt8]) -> Int32 {
        let number = makeDirectory()
        return number == 0 ? DiskFile.replace(path, with: bytes) : number
    }

    /// With those above it, as far as they are missing.
    private func makeDirectory() -> Int32 {
        var path = directory.hasPrefix("/") ? "" : "."
        for part in directory.split(separator: "/") {
            path += "/\(part)"
            // The path is passed for the length of the call.
            if unsafe mkdir(path, 0o700) != 0, errno != EEXIST {
                let number = errno
                // A directory that is there may lie in one that we may not write to.
                if unsafe access(path, F_OK) != 0 { return number }
            }
        }
        return 0
    }

    private func fault(_ verb: String, _ path: String, _ number: Int32) -> ACMEFault {
        ACMEFault(reason: .storage, step: "storage", detail: "cannot \(verb) \(path): errno \(number)")
    }
}
