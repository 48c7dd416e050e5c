// swift-tools-version: 6.2
import PackageDescription

/// One set of rules for every target: unsafe code is marked where it stands, existentials and imports say what they are.
var settings: [SwiftSetting] = [
    .strictMemorySafety(),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableExperimentalFeature("Lifetimes"),
    // Debug builds and the tests check exclusive access while running; in release the check alone would cost a plain
    // request a quarter of its instructions (docs/decisions/0002).
    .unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release)),
]

// Where changes are judged, warnings are errors. Not for everyone: a newer compiler may warn of more than this one.
if Context.environment["GATEHOUSE_WARNINGS"] == "errors" { settings.append(.treatAllWarnings(as: .error)) }

let package = Package(
    name: "gatehouse",
    platforms: [.macOS(.v26)],
    products: [
        .executable(name: "gatehouse", targets: ["GatehouseCommand"]),
        .library(name: "Gatehouse", targets: ["Gatehouse"]),
        .library(name: "GatehouseTesting", targets: ["GatehouseTesting"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0")
    ],
    targets: [
        .systemLibrary(
            name: "CLibuv", pkgConfig: "libuv", providers: [.apt(["libuv1-dev"]), .brew(["libuv"])]),
        .systemLibrary(
            name: "CCares", pkgConfig: "libcares", providers: [.apt(["libc-ares-dev"]), .brew(["c-ares"])]),
        .systemLibrary(
            name: "CPCRE2", pkgConfig: "libpcre2-8", providers: [.apt(["libpcre2-dev"]), .brew(["pcre2"])]),
        .systemLibrary(
            name: "CLibyaml", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"]), .brew(["libyaml"])]),
        .systemLibrary(
            name: "COpenSSL", pkgConfig: "openssl", providers: [.apt(["libssl-dev"]), .brew(["openssl@3"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .systemLibrary(
            name: "CBrotli", pkgConfig: "libbrotlienc", providers: [.apt(["libbrotli-dev"]), .brew(["brotli"])]),
        .systemLibrary(name: "CZstd", pkgConfig: "libzstd", providers: [.apt(["libzstd-dev"]), .brew(["zstd"])]),
        .systemLibrary(
            name: "CNghttp2", pkgConfig: "libnghttp2", providers: [.apt(["libnghttp2-dev"]), .brew(["libnghttp2"])]),
        .systemLibrary(name: "CSystem"),

        .target(name: "HTTPWire", swiftSettings: settings),
        .target(name: "JSONStream", swiftSettings: settings),
        .target(name: "JSONSchema", dependencies: ["JSONStream", "CPCRE2"], swiftSettings: settings),
        .target(name: "Identity", dependencies: ["JSONStream", "COpenSSL", "CSystem"], swiftSettings: settings),
        .target(name: "RateLimits", swiftSettings: settings),
        .target(
            name: "ContentCodings", dependencies: ["CZlib", "CBrotli", "CZstd", "CSystem"], swiftSettings: settings),
        .target(
            name: "Reactor", dependencies: ["CLibuv", "CCares", "COpenSSL", "CSystem"], exclude: ["README.md"],
            swiftSettings: settings),
        .target(name: "GatewayConfiguration", dependencies: ["CLibyaml"], swiftSettings: settings),
        .target(
            name: "GatewayEngine",
            dependencies: [
                "HTTPWire", "Reactor", "GatewayConfiguration", "JSONStream", "JSONSchema", "Identity", "RateLimits",
                "ContentCodings",
                "CPCRE2", "CNghttp2", "CSystem",
            ],
            swiftSettings: settings),
        .target(
            name: "Gatehouse", dependencies: ["GatewayEngine", "GatewayConfiguration", "Identity", "JSONStream"],
            swiftSettings: settings),
        .target(name: "GatehouseTesting", dependencies: ["COpenSSL", "CSystem"], swiftSettings: settings),
        .executableTarget(
            name: "GatehouseCommand",
            dependencies: [
                "Gatehouse", "GatewayEngine", "GatewayConfiguration", "HTTPWire", "Identity", "Reactor", "CSystem",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: settings),

        .testTarget(
            name: "ContentCodingsTests", dependencies: ["ContentCodings", "GatehouseTesting"], swiftSettings: settings),
        .testTarget(name: "HTTPWireTests", dependencies: ["HTTPWire"], swiftSettings: settings),
        .testTarget(name: "JSONStreamTests", dependencies: ["JSONStream"], swiftSettings: settings),
        .testTarget(name: "JSONSchemaTests", dependencies: ["JSONSchema", "JSONStream"], swiftSettings: settings),
        .testTarget(
            name: "IdentityTests", dependencies: ["Identity", "JSONStream", "COpenSSL", "CSystem", "GatehouseTesting"],
            swiftSettings: settings),
        .testTarget(
            name: "RateLimitsTests", dependencies: ["RateLimits", "GatehouseTesting"], swiftSettings: settings),
        .testTarget(name: "ReactorTests", dependencies: ["Reactor", "COpenSSL"], swiftSettings: settings),
        .testTarget(
            name: "GatewayConfigurationTests", dependencies: ["GatewayConfiguration"], exclude: ["Golden", "OpenAPI"],
            swiftSettings: settings),
        .testTarget(
            name: "GatewayEngineTests", dependencies: ["GatewayEngine", "GatehouseTesting"], swiftSettings: settings),
        .testTarget(name: "GatehouseTests", dependencies: ["Gatehouse", "GatehouseTesting"], swiftSettings: settings),
        .testTarget(
            name: "GatehouseCommandTests",
            dependencies: [
                "GatehouseCommand", "Gatehouse", "GatehouseTesting", "GatewayEngine", "GatewayConfiguration", "Reactor",
            ],
            exclude: ["Golden"], swiftSettings: settings),
        .testTarget(
            name: "AllocationTests", dependencies: ["GatehouseTesting"], exclude: ["Counter"], swiftSettings: settings),
        .testTarget(
            name: "EndToEndTests",
            dependencies: ["GatehouseTesting", "GatewayEngine", "GatewayConfiguration", "ContentCodings"],
            exclude: [
                "HTTP2/frames.py", "HTTP2/endpoint.py", "HTTP2/websocket.py", "GRPC/calls.py", "GRPC/interop.py",
            ], swiftSettings: settings),
    ],
    swiftLanguageModes: [.v6]
)
