# What `cmake --install` makes: the binary, the contracts, the shipped pipelines, the manual.
if(TARGET millrace)
  install(TARGETS millrace RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()
install(DIRECTORY schemas/ DESTINATION ${CMAKE_INSTALL_DATADIR}/millrace/schemas
  FILES_MATCHING PATTERN "*.avsc")
# Beside the schemas as in the tree, so that a pipeline finds its subject by the same relative path.
install(DIRECTORY deploy/pipelines/ DESTINATION ${CMAKE_INSTALL_DATADIR}/millrace/deploy/pipelines
  FILES_MATCHING PATTERN "*.yaml" PATTERN "*.md" PATTERN "*.ubj")
install(FILES docs/millrace.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
