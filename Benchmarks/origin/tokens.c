/* Makes signed tokens for the load, and the key set that checks them.
 *
 *   tokens ES256|RS256 COUNT ISSUER
 *
 * The first line is a JSON Web Key Set with the public key, each further one a token: the same claims but for `jti`, good
 * for a day. The private key is forgotten.
 */
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void fail(const char *what) {
    fprintf(stderr, "tokens: %s\n", what);
    exit(1);
}

/* base64url without padding; returns the length of the text. */
static size_t encode(const unsigned char *bytes, size_t size, char *text) {
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned window = 0, bits = 0;
    size_t length = 0;
    for (size_t i = 0; i < size; i++) {
        window = (window << 8 | bytes[i]) & 0xFFFF;
        for (bits += 8; bits >= 6;) {
            bits -= 6;
            text[length++] = alphabet[window >> bits & 63];
        }
    }
    if (bits) text[length++] = alphabet[window << (6 - bits) & 63];
    text[length] = 0;
    return length;
}

static void print_number(EVP_PKEY *key, const char *parameter, const char *name) {
    BIGNUM *number = NULL;
    unsigned char bytes[1024];
    char text[2048];
    if (EVP_PKEY_get_bn_param(key, parameter, &number) != 1) fail("a key without its numbers");
    encode(bytes, (size_t)BN_bn2bin(number, bytes), text);
    BN_free(number);
    printf(",\"%s\":\"%s\"", name, text);
}

static void print_key(EVP_PKEY *key, int is_ec) {
    printf("{\"keys\":[{\"kid\":\"load\",\"use\":\"sig\",\"alg\":\"%s\",\"kty\":\"%s\"", is_ec ? "ES256" : "RS256",
           is_ec ? "EC" : "RSA");
    if (is_ec) {
        unsigned char point[65];
        char x[64], y[64];
        size_t size = 0;
        if (EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size) != 1 || size != 65)
            fail("a point in another form");
        encode(point + 1, 32, x);
        encode(point + 33, 32, y);
        printf(",\"crv\":\"P-256\",\"x\":\"%s\",\"y\":\"%s\"", x, y);
    } else {
        print_number(key, OSSL_PKEY_PARAM_RSA_N, "n");
        print_number(key, OSSL_PKEY_PARAM_RSA_E, "e");
    }
    printf("}]}\n");
}

/* The signature as tokens have it: for ECDSA the two numbers, 32 bytes each. */
static size_t sign(EVP_PKEY *key, int is_ec, const char *message, unsigned char *signature) {
    unsigned char made[1024];
    size_t size = sizeof made;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    if (!context || EVP_DigestSignInit_ex(context, NULL, "SHA256", NULL, NULL, key, NULL) != 1 ||
        EVP_DigestSign(context, made, &size, (const unsigned char *)message, strlen(message)) != 1)
        fail("no signature");
    EVP_MD_CTX_free(context);
    if (!is_ec) {
        memcpy(signature, made, size);
        return size;
    }
    const unsigned char *start = made;
    ECDSA_SIG *parts = d2i_ECDSA_SIG(NULL, &start, (long)size);
    if (!parts || BN_bn2binpad(ECDSA_SIG_get0_r(parts), signature, 32) != 32 ||
        BN_bn2binpad(ECDSA_SIG_get0_s(parts), signature + 32, 32) != 32)
        fail("a signature in another form");
    ECDSA_SIG_free(parts);
    return 64;
}

int main(int count, char **words) {
    if (count != 4) fail("usage: tokens ES256|RS256 COUNT ISSUER");
    int is_ec = strcmp(words[1], "ES256") == 0;
    long wanted = strtol(words[2], NULL, 10);
    EVP_PKEY *key = is_ec ? EVP_EC_gen("P-256") : EVP_RSA_gen(2048);
    if (!key) fail("no key");
    print_key(key, is_ec);
    char header[256], payload[1024], claims[512], message[2048], text[2048];
    snprintf(claims, sizeof claims, "{\"alg\":\"%s\",\"kid\":\"load\",\"typ\":\"JWT\"}", is_ec ? "ES256" : "RS256");
    encode((const unsigned char *)claims, strlen(claims), header);
    for (long i = 0; i < wanted; i++) {
        unsigned char signature[1024];
        int size = snprintf(claims, sizeof claims,
                            "{\"iss\":\"%s\",\"sub\":\"usr_8a3f\",\"aud\":\"api\",\"exp\":%lld,\"jti\":\"%08ld\"}", words[3],
                            (long long)time(NULL) + 86400, i);
        if (size < 0 || (size_t)size >= sizeof claims) fail("an issuer that is too long");
        encode((const unsigned char *)claims, (size_t)size, payload);
        snprintf(message, sizeof message, "%s.%s", header, payload);
        encode(signature, sign(key, is_ec, message, signature), text);
        printf("%s.%s\n", message, text);
    }
    EVP_PKEY_free(key);
    return 0;
}
