# Contracts are data (schemas/), and the binary carries its own: schemas/stamps/origin.avsc becomes
# the header schemas/stamps/origin.h in the build folder, with MR_SCHEMA_ORIGIN as a string literal.
function(mr_embed_schemas)
  foreach(file ${ARGN})
    file(READ ${CMAKE_SOURCE_DIR}/${file} text)
    string(REPLACE "\\" "\\\\" text "${text}")
    string(REPLACE "\"" "\\\"" text "${text}")
    string(REPLACE "\n" "\\n\" \\\n\"" text "${text}")
    string(REGEX REPLACE "\\.avsc$" ".h" header ${file})
    get_filename_component(name ${file} NAME_WE)
    string(TOUPPER ${name} name)
    file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/generated/${header}
      CONTENT "/* Generated from ${file}. */\n#define MR_SCHEMA_${name} \"${text}\"\n" @ONLY)
    set_property(DIRECTORY ${CMAKE_SOURCE_DIR} APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${file})
  endforeach()
endfunction()
mr_embed_schemas(schemas/stamps/origin.avsc schemas/stamps/validation.avsc
  schemas/stamps/detector.avsc schemas/stamps/scoring.avsc schemas/advisory.avsc)
