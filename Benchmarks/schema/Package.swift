// swift-tools-version: 6.2
import PackageDescription

/// Microseconds a document: `compare` in this folder runs it. A package of its own, so that the root stays lean;
/// the modules' sources are linked in, because `package` access ends at a package's border.
let settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

let package = Package(
    name: "schema-benchmark",
    platforms: [.macOS(.v26)],
    targets: [
        .target(name: "JSONStream", swiftSettings: settings),
        .systemLibrary(name: "CPCRE2", pkgConfig: "libpcre2-8"),
        .target(name: "JSONSchema", dependencies: ["JSONStream", "CPCRE2"], swiftSettings: settings),
        .executableTarget(
            name: "SchemaBenchmark", dependencies: ["JSONStream", "JSONSchema"], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
